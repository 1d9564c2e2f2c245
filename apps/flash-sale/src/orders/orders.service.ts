import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { MoreThan, Repository } from 'typeorm';
import { Order } from './order.entity.js';

@Injectable()
export class OrdersService {
  constructor(@InjectRepository(Order) private readonly orders: Repository<Order>) {}

  /** The orders of a product, oldest first. */
  async list(page: { productId: number; after: number; limit: number }): Promise<Order[]> {
    return this.orders.find({
      where: { productId: page.productId, id: MoreThan(page.after) },
      order: { id: 'ASC' },
      take: page.limit,
    });
  }
}
