import { ApiProperty } from '@nestjs/swagger';
import type { SalesReport } from '../sales-report.entity.js';

export class SalesReportDto {
  @ApiProperty({ type: Date, nullable: true, description: 'Null in the first report, which counts everything.' })
  readonly periodStart: Date | null;

  @ApiProperty()
  readonly periodEnd: Date;

  @ApiProperty({ type: 'integer', description: 'Orders of the period.', example: 100 })
  readonly orders: number;

  @ApiProperty({ type: 'integer', description: 'Users who ordered in the period.', example: 100 })
  readonly buyers: number;

  @ApiProperty({ type: 'integer', description: 'Products that had nothing left when the report was made.', example: 1 })
  readonly soldOut: number;

  @ApiProperty()
  readonly madeAt: Date;

  @ApiProperty({ description: 'The instance that made it.', example: 'web-1:4711' })
  readonly madeBy: string;

  constructor(report: SalesReport) {
    this.periodStart = report.periodStart;
    this.periodEnd = report.periodEnd;
    this.orders = report.orders;
    this.buyers = report.buyers;
    this.soldOut = report.soldOut;
    this.madeAt = report.madeAt;
    this.madeBy = report.madeBy;
  }
}
