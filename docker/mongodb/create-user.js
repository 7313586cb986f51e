// The image of MongoDB runs this with mongosh when its volume is first used. It creates the user of the API, the workers and `migrate`.
// They need no other role: it also allows them to create collections and indexes in their database.
const { MONGODB_PASSWORD: pwd } = process.env;
db.getSiblingDB('admin').createUser({
  user: 'bulkhead',
  pwd,
  roles: [{ role: 'readWrite', db: 'bulkhead' }],
});
