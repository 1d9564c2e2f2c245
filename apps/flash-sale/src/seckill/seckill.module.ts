import { Module } from '@nestjs/common';
import { OrdersModule } from '../orders/orders.module.js';
import { ProductsModule } from '../products/products.module.js';
import { SeckillController } from './seckill.controller.js';
import { SeckillService } from './seckill.service.js';

@Module({
  imports: [ProductsModule, OrdersModule],
  controllers: [SeckillController],
  providers: [SeckillService],
})
export class SeckillModule {}
