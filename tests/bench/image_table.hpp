/// A line for each operation: seconds of all sides, and whether tine's speed reaches its bar.
#pragma once

#include <benchmark/benchmark.h>

namespace bench {

class ImageTable : public benchmark::BenchmarkReporter {
 public:
  bool ReportContext(const Context& context) override;
  void ReportRuns(const std::vector<Run>& runs) override;
  void Finalize() override;

 private:
  std::size_t hits_ = 0, misses_ = 0;
};

}  // namespace bench
