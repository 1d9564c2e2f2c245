import { ApiProperty } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsInt, Max, Min } from 'class-validator';

/** The largest number that the id columns hold. */
export const MAX_ID = 2_147_483_647;

export class ProductIdDto {
  @ApiProperty({ type: 'integer', example: 1, minimum: 1, maximum: MAX_ID })
  @Type(() => Number)
  @Max(MAX_ID)
  @Min(1)
  @IsInt()
  readonly productId!: number;
}
