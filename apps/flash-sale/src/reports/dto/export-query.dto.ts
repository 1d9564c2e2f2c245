import { ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsInt, IsOptional, Max, Min } from 'class-validator';
import { MAX_ID } from '../../products/dto/product-id.dto.js';

export class ExportQueryDto {
  @ApiPropertyOptional({ type: 'integer', description: 'Only the orders of one product.', example: 1, minimum: 1, maximum: MAX_ID })
  @IsOptional()
  @Type(() => Number)
  @Max(MAX_ID)
  @Min(1)
  @IsInt()
  readonly productId?: number;
}
