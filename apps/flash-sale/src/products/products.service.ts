import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Repository } from 'typeorm';
import { Product } from './product.entity.js';
import { ProductNotFoundException } from './product-not-found.exception.js';

@Injectable()
export class ProductsService {
  constructor(@InjectRepository(Product) private readonly products: Repository<Product>) {}

  async create({ name, stock }: Pick<Product, 'name' | 'stock'>): Promise<Product> {
    return this.products.save(this.products.create({ name, stock, createdAt: new Date() }));
  }

  /** @throws ProductNotFoundException */
  async get(id: number): Promise<Product> {
    const product = await this.products.findOneBy({ id });
    if (product === null) throw new ProductNotFoundException(id);
    return product;
  }
}
