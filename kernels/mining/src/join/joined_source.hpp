// Two tables as one source of scans: rows of the left one, which streams, with those of the right one that go
// with them.
#pragma once

#include "../source.hpp"
#include "key_index.hpp"

namespace tine::mining {

class JoinedSource final : public Source {
 public:
  /// All of these must stay. Throws QueryError.
  JoinedSource(const PoolWith& on, Source& left, const Join& join);

  const Schema& schema() const override { return schema_; }
  std::size_t slices() const override { return left_.slices(); }
  std::uint64_t size() const override { return left_.size(); }
  std::vector<std::byte> description(std::span<const std::size_t> columns) const override;
  Outcome accept(std::size_t slice, BlobReader& report) override;
  bool starts_quoted(std::size_t slice) const override { return left_.starts_quoted(slice); }
  void infer(const PoolWith& on) override;
  void rewind() override { left_.rewind(); }

 private:
  // For the types that the left columns have now.
  void prepare();

  PoolWith on_;
  Source& left_;
  const Join& join_;
  std::vector<KeyColumns> keys_;
  Schema schema_;
  std::vector<std::size_t> right_;  // columns of the right table that are behind the left ones
  KeyIndex index_;
};

/// What a query reads: a source, joined with another table if the query says so.
class JoinOf {
 public:
  /// All of these must stay. Throws QueryError.
  JoinOf(const PoolWith& on, Source& left, const Query& query) : left_(left) {
    if (query.join.right != nullptr) joined_ = std::make_unique<JoinedSource>(on, left, query.join);
  }
  Source& source() const { return joined_ ? *joined_ : left_; }

 private:
  Source& left_;
  std::unique_ptr<JoinedSource> joined_;
};

std::unique_ptr<Stream> open_joined_stream(std::span<const std::byte> description,
                                           std::size_t slice, bool quoted);

}  // namespace tine::mining
