import type { ServerResponse } from 'node:http';
import { Controller, HttpCode, HttpStatus, Post, Query, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { ApiProblems, LOCK_PROBLEMS } from '../problems/api-problems.decorator.js';
import { ExportQueryDto } from './dto/export-query.dto.js';
import { ReportsService } from './reports.service.js';

@ApiTags('reports')
@Controller('reports')
export class ReportsController {
  constructor(private readonly reports: ReportsService) {}

  @Post('export')
  @HttpCode(HttpStatus.OK)
  @ApiOperation({
    summary: 'Get the orders as a CSV file',
    description: 'Three at a time; a reply that takes longer than 10 s is broken off.',
  })
  @ApiOkResponse({ description: 'The orders, oldest first.', content: { 'text/csv': { schema: { type: 'string' } } } })
  @ApiProblems({
    ...LOCK_PROBLEMS,
    [HttpStatus.BAD_REQUEST]: { INVALID_REQUEST: 'The request is invalid.' },
    [HttpStatus.CONFLICT]: { LOCK_BUSY: 'Three exports are being made already. Please come back in a few seconds.' },
  })
  async export(@Query() { productId }: ExportQueryDto, @Res() response: ServerResponse): Promise<void> {
    await this.reports.exportOrders(productId, () => {
      response.setHeader('Content-Type', 'text/csv; charset=utf-8');
      response.setHeader('Content-Disposition', 'attachment; filename="orders.csv"');
      return response;
    });
  }
}
