// Stands in for a module of which nothing is used.
module.exports = {};
