import type { ServerResponse } from 'node:http';
import { Body, Controller, Get, HttpStatus, Param, Post, Query, Res, UseGuards } from '@nestjs/common';
import { ApiBearerAuth, ApiCreatedResponse, ApiHeader, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { IdempotencyContext, Idempotent, PreventDuplicate } from 'nestjs-redis-lock';
import { BearerTokenGuard } from '../buyers/bearer-token.guard.js';
import { BuyerId } from '../buyers/buyer-id.decorator.js';
import { ApiProblems } from '../problems/api-problems.decorator.js';
import { CreateOrderDto } from './dto/create-order.dto.js';
import { OrderDto } from './dto/order.dto.js';
import { OrderIdDto } from './dto/order-id.dto.js';
import { OrdersQueryDto } from './dto/orders-query.dto.js';
import { onceKeyOf } from './once-key.js';
import { ORDER_PROBLEMS, NOT_SIGNED_IN } from './order-problems.js';
import { OrdersService } from './orders.service.js';

const LOCATION = { Location: { description: 'Where the order is.', schema: { type: 'string' as const } } };

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

  @Get(':id')
  @UseGuards(BearerTokenGuard)
  @ApiBearerAuth()
  @ApiOperation({ summary: 'See an order of your own' })
  @ApiOkResponse({ type: OrderDto })
  @ApiProblems({
    ...NOT_SIGNED_IN,
    [HttpStatus.BAD_REQUEST]: { INVALID_REQUEST: 'The request is invalid.' },
    [HttpStatus.NOT_FOUND]: { ORDER_NOT_FOUND: 'There is no order 99.' },
  })
  async get(@Param() { id }: OrderIdDto, @BuyerId() userId: string): Promise<OrderDto> {
    return new OrderDto(await this.orders.get(id, userId));
  }

  @Post()
  @Idempotent()
  @UseGuards(BearerTokenGuard)
  @ApiBearerAuth()
  @ApiOperation({
    summary: 'Order, safely repeated',
    description: 'Whoever sends it again with the same key gets the same reply, and one order.',
  })
  @ApiHeader({ name: 'Idempotency-Key', required: true, description: 'New for each order; a UUID, for instance.' })
  @ApiCreatedResponse({ type: OrderDto, headers: LOCATION })
  @ApiProblems({
    ...ORDER_PROBLEMS,
    [HttpStatus.BAD_REQUEST]: {
      INVALID_REQUEST: 'The request is invalid.',
      IDEMPOTENCY_KEY_MISSING: 'This request needs a key of its own in a header, so that it can be repeated safely.',
      IDEMPOTENCY_KEY_INVALID: 'The key is text of 1 to 255 printable ASCII characters, sent once.',
    },
    [HttpStatus.CONFLICT]: {
      ...ORDER_PROBLEMS[HttpStatus.CONFLICT],
      IDEMPOTENCY_IN_PROGRESS: 'The first request with this key is still being worked on. Try again later.',
    },
    [HttpStatus.UNPROCESSABLE_ENTITY]: {
      IDEMPOTENCY_KEY_REUSED: 'A different request was sent with this key. Give each new request a key of its own.',
      OTHER_ORDER: 'This key belongs to order 1, which is a different one.',
    },
  })
  async create(
    @Body() order: CreateOrderDto,
    @BuyerId() userId: string,
    @IdempotencyContext() { key }: IdempotencyContext,
    @Res({ passthrough: true }) response: ServerResponse,
  ): Promise<OrderDto> {
    return this.make(order, userId, key === undefined ? null : onceKeyOf(userId, key), response);
  }

  @Post('guarded')
  @PreventDuplicate({ key: 'order:create:{headers.x-request-id}', window: '30s', status: HttpStatus.BAD_REQUEST, message: '请勿重复提交' })
  @UseGuards(BearerTokenGuard)
  @ApiBearerAuth()
  @ApiOperation({ summary: 'Order, refused when it is sent again within 30 s', description: 'Nothing is replayed.' })
  @ApiHeader({ name: 'X-Request-Id', required: true, description: 'New for each order.' })
  @ApiCreatedResponse({ type: OrderDto, headers: LOCATION })
  @ApiProblems({
    ...ORDER_PROBLEMS,
    [HttpStatus.BAD_REQUEST]: {
      INVALID_REQUEST: 'The request is invalid.',
      DUPLICATE_SUBMIT: '请勿重复提交',
      DUPLICATE_KEY_MISSING: 'A value that tells this request from others is missing.',
    },
  })
  async createGuarded(
    @Body() order: CreateOrderDto,
    @BuyerId() userId: string,
    @Res({ passthrough: true }) response: ServerResponse,
  ): Promise<OrderDto> {
    return this.make(order, userId, null, response);
  }

  private async make(
    { productId, quantity }: CreateOrderDto,
    userId: string,
    onceKey: string | null,
    response: ServerResponse,
  ): Promise<OrderDto> {
    const order = await this.orders.create(productId, { userId, quantity, onceKey });
    response.setHeader('Location', `/orders/${order.id}`);
    return new OrderDto(order);
  }
}
