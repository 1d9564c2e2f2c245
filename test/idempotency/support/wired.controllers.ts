import {
  Controller,
  Get,
  Injectable,
  Post,
  Put,
  UseInterceptors,
  Version,
  type CallHandler,
  type ExecutionContext,
  type NestInterceptor,
} from '@nestjs/common';
import type { Observable } from 'rxjs';
import { IdempotencyInterceptor, Idempotent } from 'nestjs-redis-lock';

@Injectable()
export class Inside implements NestInterceptor {
  runs = 0;

  intercept(_context: ExecutionContext, next: CallHandler): Observable<unknown> {
    this.runs++;
    return next.handle();
  }
}

@Controller()
@UseInterceptors(IdempotencyInterceptor)
export class Everywhere {
  starts = 0;

  @Post('everywhere')
  @UseInterceptors(IdempotencyInterceptor)
  @Idempotent()
  @UseInterceptors(Inside)
  everywhere(): object {
    return { start: ++this.starts };
  }
}

@Controller()
@UseInterceptors(IdempotencyInterceptor)
export class Undecorated {
  starts = 0;

  @Post('undecorated')
  undecorated(): object {
    return { start: ++this.starts };
  }
}

@Controller('class')
@Idempotent({ header: 'X-Class-Key' })
export class OnClass {
  starts = 0;

  @Post('post')
  post(): object {
    return { start: ++this.starts };
  }

  @Put('post')
  put(): object {
    return { start: ++this.starts };
  }

  @Get('get')
  get(): object {
    return { start: ++this.starts };
  }

  @Post('own')
  @Idempotent({ header: 'X-Method-Key' })
  own(): object {
    return { start: ++this.starts };
  }
}

@Idempotent()
@Controller('above')
export class AboveController {
  starts = 0;

  @Post()
  post(): object {
    return { start: ++this.starts };
  }
}

@Controller('method')
export class OnMethod {
  starts = 0;

  @Post('module')
  @Idempotent()
  ofModule(): object {
    return { start: ++this.starts };
  }

  @Post('method')
  @Idempotent({ header: 'X-Method-Key' })
  ofMethod(): object {
    return { start: ++this.starts };
  }
}

abstract class Base {
  starts = 0;

  @Post('inherited')
  @Idempotent()
  inherited(): object {
    return { by: this.constructor.name, start: ++this.starts };
  }
}

@Controller('one')
export class One extends Base {}

@Controller('two')
export class Two extends Base {}

@Controller('versions')
export class Versions {
  starts = 0;

  @Post()
  @Version('1')
  @Idempotent()
  first(): object {
    return { version: 1, start: ++this.starts };
  }

  @Post()
  @Version('2')
  @Idempotent()
  second(): object {
    return { version: 2, start: ++this.starts };
  }
}
