import { ApiProperty } from '@nestjs/swagger';
import { IsInt, IsString, Length, Max, Min } from 'class-validator';

export class CreateProductDto {
  @ApiProperty({ example: 'Phone, launch edition', minLength: 1, maxLength: 200 })
  @Length(1, 200)
  @IsString()
  readonly name!: string;

  @ApiProperty({ type: 'integer', description: 'How many there are to sell.', example: 100, minimum: 0, maximum: 1_000_000_000 })
  @Max(1_000_000_000)
  @Min(0)
  @IsInt()
  readonly stock!: number;
}
