import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { CatalogModule } from '../catalog/catalog.module.js';
import { ProductsModule } from '../products/products.module.js';
import { CheckoutController } from './checkout.controller.js';
import { CheckoutService } from './checkout.service.js';
import { Payment } from './payment.entity.js';
import { PaymentService } from './payment.service.js';
import { Reservation } from './reservation.entity.js';
import { ReservationService } from './reservation.service.js';

@Module({
  imports: [TypeOrmModule.forFeature([Reservation, Payment]), ProductsModule, CatalogModule],
  controllers: [CheckoutController],
  providers: [CheckoutService, ReservationService, PaymentService],
})
export class CheckoutModule {}
