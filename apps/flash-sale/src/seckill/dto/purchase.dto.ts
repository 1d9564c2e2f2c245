import { ApiProperty } from '@nestjs/swagger';
import { IsString, Length } from 'class-validator';

export class PurchaseDto {
  @ApiProperty({ example: 'alice', minLength: 1, maxLength: 100 })
  @Length(1, 100)
  @IsString()
  readonly userId!: string;
}
