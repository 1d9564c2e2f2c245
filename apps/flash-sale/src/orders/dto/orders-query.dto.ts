import { ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsInt, Max, Min } from 'class-validator';
import { MAX_ID, ProductIdDto } from '../../products/dto/product-id.dto.js';

export class OrdersQueryDto extends ProductIdDto {
  @ApiPropertyOptional({
    type: 'integer',
    description: 'Only orders with a higher id: the last one of the page before.',
    default: 0,
    maximum: MAX_ID,
  })
  @Type(() => Number)
  @Max(MAX_ID)
  @Min(0)
  @IsInt()
  readonly after: number = 0;

  @ApiPropertyOptional({ type: 'integer', default: 1000, minimum: 1, maximum: 1000 })
  @Type(() => Number)
  @Max(1000)
  @Min(1)
  @IsInt()
  readonly limit: number = 1000;
}
