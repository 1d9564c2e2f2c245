import { ApiProperty } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsInt, Max, Min } from 'class-validator';
import { MAX_ID } from '../../products/dto/product-id.dto.js';

export class OrderIdDto {
  @ApiProperty({ type: 'integer', example: 1, minimum: 1, maximum: MAX_ID })
  @Type(() => Number)
  @Max(MAX_ID)
  @Min(1)
  @IsInt()
  readonly id!: number;
}
