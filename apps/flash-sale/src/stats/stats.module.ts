import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { OrdersModule } from '../orders/orders.module.js';
import { ProductsModule } from '../products/products.module.js';
import { SalesReport } from './sales-report.entity.js';
import { StatsController } from './stats.controller.js';
import { StatsSchedule } from './stats.schedule.js';
import { StatsService } from './stats.service.js';

@Module({
  imports: [TypeOrmModule.forFeature([SalesReport]), OrdersModule, ProductsModule],
  controllers: [StatsController],
  providers: [StatsService, StatsSchedule],
})
export class StatsModule {}
