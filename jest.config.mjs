const shared = {
  testEnvironment: "node",
  extensionsToTreatAsEsm: [".ts"],
  transform: {
    "^.+\\.ts$": [
      "@swc/jest",
      { jsc: { target: "es2023", parser: { syntax: "typescript" } }, module: { type: "es6" }, sourceMaps: "inline" },
    ],
  },
  modulePathIgnorePatterns: ["/dist/"],
};

const tier = (displayName, testMatch, more = {}) => ({ ...shared, displayName, testMatch, ...more });

export default {
  projects: [
    tier("unit", ["**/src/**/*.test.ts", "<rootDir>/scripts/**/*.test.ts"], {
      testPathIgnorePatterns: ["/node_modules/", "\\.(kernel|apiserver)\\.test\\.ts$"],
    }),
    tier("kernel", ["**/*.kernel.test.ts"]),
    tier("apiserver", ["**/*.apiserver.test.ts"]),
    tier("lab", ["<rootDir>/e2e/lab/**/*.test.ts"]),
    tier("cluster", ["<rootDir>/e2e/cluster/**/*.test.ts"]),
  ],
  testTimeout: 60000,
};
