import { Body, Controller, HttpStatus, Param, Post } from '@nestjs/common';
import { ApiCreatedResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { OrderDto } from '../orders/dto/order.dto.js';
import { ApiProblems, LOCK_PROBLEMS } from '../problems/api-problems.decorator.js';
import { ProductIdDto } from '../products/dto/product-id.dto.js';
import { PurchaseDto } from './dto/purchase.dto.js';
import { SeckillService } from './seckill.service.js';

@ApiTags('seckill')
@Controller('seckill')
export class SeckillController {
  constructor(private readonly seckill: SeckillService) {}

  @Post(':productId')
  @ApiOperation({ summary: 'Buy one piece in the flash sale', description: 'One per user. Nobody waits in line.' })
  @ApiCreatedResponse({ type: OrderDto })
  @ApiProblems({
    ...LOCK_PROBLEMS,
    [HttpStatus.BAD_REQUEST]: { INVALID_REQUEST: 'The request is invalid.' },
    [HttpStatus.NOT_FOUND]: { PRODUCT_NOT_FOUND: 'There is no product 99.' },
    [HttpStatus.CONFLICT]: {
      SOLD_OUT: 'Product 1 is sold out.',
      ALREADY_BOUGHT: 'User alice has bought product 1 already.',
      LOCK_BUSY: '商品太火爆，请稍后再试',
    },
  })
  async buy(@Param() { productId }: ProductIdDto, @Body() { userId }: PurchaseDto): Promise<OrderDto> {
    return new OrderDto(await this.seckill.buy(productId, userId));
  }
}
