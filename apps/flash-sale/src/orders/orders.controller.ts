import { Controller, Get, HttpStatus, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { ApiProblems } from '../problems/api-problems.decorator.js';
import { OrderDto } from './dto/order.dto.js';
import { OrdersQueryDto } from './dto/orders-query.dto.js';
import { OrdersService } from './orders.service.js';

@ApiTags('orders')
@Controller('orders')
export class OrdersController {
  constructor(private readonly orders: OrdersService) {}

  @Get()
  @ApiOperation({ summary: 'See who bought a product' })
  @ApiOkResponse({ type: [OrderDto] })
  @ApiProblems({ [HttpStatus.BAD_REQUEST]: { INVALID_REQUEST: 'The request is invalid.' } })
  async list(@Query() page: OrdersQueryDto): Promise<OrderDto[]> {
    return (await this.orders.list(page)).map((order) => new OrderDto(order));
  }
}
