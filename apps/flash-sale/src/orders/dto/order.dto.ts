import { ApiProperty } from '@nestjs/swagger';
import type { Order } from '../order.entity.js';

export class OrderDto {
  @ApiProperty({ type: 'integer', example: 1 })
  readonly id: number;

  @ApiProperty({ type: 'integer', example: 1 })
  readonly productId: number;

  @ApiProperty({ example: 'alice' })
  readonly userId: string;

  @ApiProperty({ type: 'integer', description: 'How many pieces.', example: 2 })
  readonly quantity: number;

  @ApiProperty()
  readonly createdAt: Date;

  constructor(order: Order) {
    this.id = order.id;
    this.productId = order.productId;
    this.userId = order.userId;
    this.quantity = order.quantity;
    this.createdAt = order.createdAt;
  }
}
