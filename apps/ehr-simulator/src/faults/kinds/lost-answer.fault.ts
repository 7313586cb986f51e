import { defineFault } from '../define-fault.ts';

/** What was asked for is done, and the connection is reset before the answer: a kick-off whose export runs unseen. */
export const lostAnswerFault = defineFault({
  kind: 'lost-answer',
  fields: {},
  create: () => ({
    changeReply: ({ req }) => {
      req.socket.resetAndDestroy();
      return 'gone';
    },
  }),
});
