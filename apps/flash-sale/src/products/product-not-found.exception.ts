import { HttpStatus } from '@nestjs/common';
import { ProblemException } from '../problems/problem.exception.js';

export class ProductNotFoundException extends ProblemException {
  constructor(productId: number) {
    super(HttpStatus.NOT_FOUND, 'PRODUCT_NOT_FOUND', `There is no product ${productId}.`);
  }
}
