import { Controller, Get } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { SalesReportDto } from './dto/sales-report.dto.js';
import { StatsService } from './stats.service.js';

@ApiTags('stats')
@Controller('stats')
export class StatsController {
  constructor(private readonly stats: StatsService) {}

  @Get()
  @ApiOperation({ summary: 'See the latest statistics, newest first' })
  @ApiOkResponse({ type: [SalesReportDto] })
  async latest(): Promise<SalesReportDto[]> {
    return (await this.stats.latest()).map((report) => new SalesReportDto(report));
  }
}
