// Started by scripts/bench as a lower bound: the minimal API with a queue, in one process. Environment: PORT, REDIS_URL, PREFIX
import { Queue } from 'bullmq';
import express from 'express';

const { PORT, REDIS_URL: url = '', PREFIX: prefix = '' } = process.env;
const queue = new Queue('floor', { connection: { url }, prefix });
const app = express().use(express.json());
app.post('/', async (_request, response) => {
  const { id } = await queue.add('job', { id: 'job_1' }, { removeOnComplete: true });
  response.status(202).json({ success: true, data: { id } });
});
app.get('/', async (_request, response) => {
  response.json({ success: true, data: { status: 'IN_PROGRESS' } });
});
app.listen(Number(PORT), '127.0.0.1');
