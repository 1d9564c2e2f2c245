import { Module } from '@nestjs/common';
import { ProductsModule } from '../products/products.module.js';
import { InventoryController } from './inventory.controller.js';
import { InventoryService } from './inventory.service.js';
import { TransferService } from './transfer.service.js';

@Module({
  imports: [ProductsModule],
  controllers: [InventoryController],
  providers: [InventoryService, TransferService],
})
export class InventoryModule {}
