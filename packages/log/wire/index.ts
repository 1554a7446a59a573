export * from './header.ts'
