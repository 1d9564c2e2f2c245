import { hostname } from 'node:os';
import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Locked } from 'nestjs-redis-lock';
import { Repository } from 'typeorm';
import { Order } from '../orders/order.entity.js';
import { Product } from '../products/product.entity.js';
import { SalesReport } from './sales-report.entity.js';

const INSTANCE = `${hostname()}:${process.pid}`;
const SHOWN = 30;

@Injectable()
export class StatsService {
  constructor(
    @InjectRepository(SalesReport) private readonly reports: Repository<SalesReport>,
    @InjectRepository(Order) private readonly orders: Repository<Order>,
    @InjectRepository(Product) private readonly products: Repository<Product>,
  ) {}

  /**
   * Makes the report of the period that ends at a moment. All instances call this at the same time and one does the work;
   * for the others this is undefined.
   *
   * `holdAtLeast` is for instances that call a little later, because they are busy or their clock is behind: the work may be over by then,
   * and would be done again. One that is later still finds the report.
   */
  @Locked('stats:daily', { ttl: '5m', wait: 0, onBusy: 'skip', holdAtLeast: '1s' })
  async makeReport(periodEnd: Date): Promise<SalesReport | undefined> {
    const [last] = await this.latest(1);
    if (last !== undefined && last.periodEnd >= periodEnd) return undefined;
    const periodStart = last?.periodEnd ?? null;
    const report = this.reports.create({
      periodStart,
      periodEnd,
      ...(await this.sales(periodStart, periodEnd)),
      soldOut: await this.products.countBy({ stock: 0 }),
      madeAt: new Date(),
      madeBy: INSTANCE,
    });
    return this.reports.save(report);
  }

  /** The latest reports, newest first. */
  async latest(limit = SHOWN): Promise<SalesReport[]> {
    return this.reports.find({ order: { periodEnd: 'DESC' }, take: limit });
  }

  private async sales(start: Date | null, end: Date): Promise<Pick<SalesReport, 'orders' | 'buyers'>> {
    const counts = await this.orders
      .createQueryBuilder('sold')
      .select('COUNT(*)', 'orders')
      .addSelect('COUNT(DISTINCT sold.userId)', 'buyers')
      .where('sold.createdAt > :start AND sold.createdAt <= :end', { start: start?.getTime() ?? 0, end: end.getTime() })
      .getRawOne<Record<'orders' | 'buyers', string | number>>();
    return { orders: Number(counts?.orders), buyers: Number(counts?.buyers) };
  }
}
