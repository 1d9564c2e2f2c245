import { Body, Controller, HttpStatus, Post, UseGuards } from '@nestjs/common';
import { ApiBearerAuth, ApiCreatedResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { BearerTokenGuard } from '../buyers/bearer-token.guard.js';
import { BuyerId } from '../buyers/buyer-id.decorator.js';
import { NOT_SIGNED_IN } from '../orders/order-problems.js';
import { ApiProblems, LOCK_PROBLEMS } from '../problems/api-problems.decorator.js';
import { CheckoutService } from './checkout.service.js';
import { CheckoutDto, CheckoutRequestDto } from './dto/checkout.dto.js';

@ApiTags('checkout')
@Controller('checkout')
export class CheckoutController {
  constructor(private readonly checkout: CheckoutService) {}

  @Post()
  @UseGuards(BearerTokenGuard)
  @ApiBearerAuth()
  @ApiOperation({ summary: 'Order and pay', description: 'Set aside, charge, hand over; undone where one of these fails.' })
  @ApiCreatedResponse({ type: CheckoutDto })
  @ApiProblems({
    ...NOT_SIGNED_IN,
    ...LOCK_PROBLEMS,
    [HttpStatus.BAD_REQUEST]: { INVALID_REQUEST: 'The request is invalid.' },
    [HttpStatus.PAYMENT_REQUIRED]: { PAYMENT_DECLINED: 'The card was declined. Nothing was charged, and nothing is set aside.' },
    [HttpStatus.NOT_FOUND]: { PRODUCT_NOT_FOUND: 'There is no product 99.', PRICE_NOT_SET: 'Product 1 has no price yet.' },
    [HttpStatus.CONFLICT]: {
      SOLD_OUT: 'Product 1 is sold out.',
      LOCK_BUSY: 'Somebody else is working on the same thing. Try again later.',
      STALE_FENCE: 'Product 1 has been claimed with a higher fence. Please try again.',
    },
  })
  async place(@Body() { productId, quantity, card }: CheckoutRequestDto, @BuyerId() userId: string): Promise<CheckoutDto> {
    return new CheckoutDto(await this.checkout.place(productId, { userId, quantity, card }));
  }
}
