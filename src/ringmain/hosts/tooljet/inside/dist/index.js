"use strict";

class Ringmain {
  async run() {
    throw new Error("This plugin is not finished.");
  }
}

exports.default = Ringmain;
