import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { LockService, ReadLocked, WriteLocked } from 'nestjs-redis-lock';
import { LessThanOrEqual, Repository } from 'typeorm';
import { heldFence } from '../locks/held-fence.js';
import { ProductsService } from '../products/products.service.js';
import { StaleFenceException } from '../products/stale-fence.exception.js';
import { PricePart, type PriceKind } from './price-part.entity.js';
import { PriceNotSetException } from './price-not-set.exception.js';

/** What a product costs, in cents. */
export interface Price {
  readonly productId: number;
  readonly listPrice: number;
  readonly salePrice: number;
  readonly validFrom: Date;
  /** The fence of whoever set it: later prices have higher ones. */
  readonly version: number;
}

/** The shop takes a tenth off, rounded in the buyer's favour. */
const SALE = { of: 10, off: 1 };

/**
 * Prices that are read by many and seldom set. A price has several parts, which are read and written one by one, as where they are in several
 * tables or services: without a lock, a reader who comes between two writes sees a list price that its sale price does not belong to.
 */
@Injectable()
export class CatalogService {
  constructor(
    @InjectRepository(PricePart) private readonly parts: Repository<PricePart>,
    private readonly products: ProductsService,
    private readonly locks: LockService,
  ) {}

  /** How not to do it. @throws ProductNotFoundException, PriceNotSetException */
  async priceWithoutLock(productId: number): Promise<Price> {
    return this.read(productId);
  }

  /**
   * Readers do not keep each other waiting.
   * @throws ProductNotFoundException, PriceNotSetException
   * @throws LockBusyError when a writer does not leave within the module's `wait`
   */
  @ReadLocked('price:{productId}', '10s')
  async priceOf(productId: number): Promise<Price> {
    return this.read(productId);
  }

  /**
   * Alone, and with the fence as the price's version: whoever has lost the lock cannot write over a later price.
   * @param price in cents, before what the shop takes off
   * @throws ProductNotFoundException, StaleFenceException
   * @throws LockBusyError when its turn does not come within the module's `wait`
   */
  @WriteLocked('price:{productId}', '10s')
  async setPrice(productId: number, price: number): Promise<Price> {
    await this.products.get(productId);
    const version = heldFence(this.locks, `price:${productId}`);
    const validFrom = new Date();
    const salePrice = Math.floor((price * (SALE.of - SALE.off)) / SALE.of);
    await this.write({ productId, kind: 'list', cents: price, validFrom, version });
    await this.write({ productId, kind: 'sale', cents: salePrice, validFrom, version });
    return { productId, listPrice: price, salePrice, validFrom, version };
  }

  private async read(productId: number): Promise<Price> {
    const list = await this.part(productId, 'list');
    const sale = await this.part(productId, 'sale');
    return { productId, listPrice: list.cents, salePrice: sale.cents, validFrom: sale.validFrom, version: list.version };
  }

  private async part(productId: number, kind: PriceKind): Promise<PricePart> {
    const part = await this.parts.findOneBy({ productId, kind });
    if (part !== null) return part;
    await this.products.get(productId);
    throw new PriceNotSetException(productId);
  }

  private async write({ productId, kind, ...rest }: PricePart): Promise<void> {
    const { version } = rest;
    const written = await this.parts.update({ productId, kind, version: LessThanOrEqual(version) }, rest);
    if (written.affected !== 0) return;
    if (await this.parts.existsBy({ productId, kind })) throw new StaleFenceException(productId, version);
    await this.parts.insert({ productId, kind, ...rest });
  }
}
