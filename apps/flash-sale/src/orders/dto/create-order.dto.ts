import { ApiProperty } from '@nestjs/swagger';
import { IsInt, Max, Min } from 'class-validator';
import { MAX_ID } from '../../products/dto/product-id.dto.js';

export class CreateOrderDto {
  @ApiProperty({ type: 'integer', example: 1, minimum: 1, maximum: MAX_ID })
  @Max(MAX_ID)
  @Min(1)
  @IsInt()
  readonly productId!: number;

  @ApiProperty({ type: 'integer', description: 'How many pieces.', example: 2, minimum: 1, maximum: 1000 })
  @Max(1000)
  @Min(1)
  @IsInt()
  readonly quantity!: number;
}
