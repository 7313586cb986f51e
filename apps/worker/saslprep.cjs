/**
 * Takes the place of `@mongodb-js/saslprep` in the bundle. SASLprep does not change printable ASCII characters (RFC 4013, section 2), so
 * its tables of Unicode, which take 2 MB, are read only for other passwords.
 */
exports.saslprep = (password) => (/^[ -~]*$/.test(password) ? password : require('published-saslprep')(password));
