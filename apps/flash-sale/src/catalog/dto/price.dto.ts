import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsInt, Max, Min } from 'class-validator';
import type { Price } from '../catalog.service.js';

/** How a reader keeps writers out. */
export const READ_STRATEGIES = ['none', 'locked'] as const;
export type ReadStrategy = (typeof READ_STRATEGIES)[number];

export class PriceQueryDto {
  @ApiPropertyOptional({
    enum: READ_STRATEGIES,
    default: 'locked',
    description:
      'none: without a lock, so that half of the old price and half of the new one may be seen. locked: together with other readers.',
  })
  @IsIn(READ_STRATEGIES)
  readonly strategy: ReadStrategy = 'locked';
}

export class SetPriceDto {
  @ApiProperty({ type: 'integer', description: 'The list price in cents.', example: 79_900, minimum: 1, maximum: 1_000_000 })
  @Max(1_000_000)
  @Min(1)
  @IsInt()
  readonly price!: number;
}

export class PriceDto {
  @ApiProperty({ type: 'integer', example: 1 })
  readonly productId: number;

  @ApiProperty({ type: 'integer', description: 'In cents.', example: 79_900 })
  readonly listPrice: number;

  @ApiProperty({ type: 'integer', description: 'What the shop asks for, in cents.', example: 71_910 })
  readonly salePrice: number;

  @ApiProperty()
  readonly validFrom: Date;

  @ApiProperty({ type: 'integer', description: 'Rises with every new price: the fence of whoever set it.', example: 1_767_225_600_000_000 })
  readonly version: number;

  constructor(price: Price) {
    this.productId = price.productId;
    this.listPrice = price.listPrice;
    this.salePrice = price.salePrice;
    this.validFrom = price.validFrom;
    this.version = price.version;
  }
}
