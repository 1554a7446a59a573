export { createTail, type Tail, type TailOptions } from './tail.ts'
export { MOST_LAST, type TailAsk, type TailEvent } from './ask.ts'
