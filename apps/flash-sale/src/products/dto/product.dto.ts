import { ApiProperty } from '@nestjs/swagger';
import type { Product } from '../product.entity.js';

export class ProductDto {
  @ApiProperty({ type: 'integer', example: 1 })
  readonly id: number;

  @ApiProperty({ example: 'Phone, launch edition' })
  readonly name: string;

  @ApiProperty({ type: 'integer', description: 'How many are left.', example: 100 })
  readonly stock: number;

  @ApiProperty()
  readonly createdAt: Date;

  constructor(product: Product) {
    this.id = product.id;
    this.name = product.name;
    this.stock = product.stock;
    this.createdAt = product.createdAt;
  }
}
