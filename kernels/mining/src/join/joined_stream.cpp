// The worker's side of a join.
#include <algorithm>
#include <array>
#include <string_view>

#include "../stored_column.hpp"
#include "joined_source.hpp"

namespace tine::mining {

namespace {

// A column of the result: that of the left stream at a place, or one of the right table.
struct JoinedColumn {
  bool left = false;
  std::uint64_t place = 0;
  StoredColumn stored{};
  std::vector<std::string_view> values{};  // 16 bytes each, for values of any type
  std::vector<std::uint8_t> nulls{};
};

struct StreamKey {
  std::uint64_t place;
  Type type;
  StoredColumn right;
};

// One call for each type of values in a batch.
template <class Use>
void for_type(Type type, Use use) {
  switch (type) {
    case Type::boolean:
      return use.template operator()<std::uint8_t>();
    case Type::real:
      return use.template operator()<double>();
    case Type::text:
      return use.template operator()<std::string_view>();
    default:
      return use.template operator()<std::int64_t>();
  }
}

class JoinedStream final : public Stream {
 public:
  JoinedStream(std::unique_ptr<Stream> left, BlobReader from)
      : left_(std::move(left)), keeps_all_(from.value<bool>()), finder_(from) {
    for (auto n = from.value<std::uint64_t>(); n > 0 && from.good(); --n) {
      JoinedColumn& column = columns_.emplace_back();
      column.left = from.value<bool>();
      if (column.left)
        column.place = from.value<std::uint64_t>();
      else
        column.stored = from.value<StoredColumn>();
      column.values.resize(batch_rows);
      column.nulls.resize(batch_rows);
    }
    for (auto n = from.value<std::uint64_t>(); n > 0 && from.good(); --n) {
      StreamKey& key = keys_.emplace_back();
      key.place = from.value<std::uint64_t>();
      key.type = from.value<Type>();
      key.right = from.value<StoredColumn>();
    }
    words_.resize(keys_.size() * batch_rows);
    vectors_.resize(columns_.size());
  }

  bool next(Batch& batch) override {
    std::size_t rows = 0;
    while (rows == 0) {
      if (row_ == input_.rows && !next_input()) return false;
      rows = match();
    }
    for (std::size_t c = 0; c < columns_.size(); ++c) make(columns_[c], rows, vectors_[c]);
    batch = {rows, vectors_};
    return true;
  }
  void report(BlobWriter& to) const override { left_->report(to); }

 private:
  bool next_input() {
    row_ = 0;
    input_ = {};
    if (!left_->next(input_)) return false;
    never_.assign(input_.rows, 0);
    for (std::size_t k = 0; k < keys_.size(); ++k)
      key_words(input_.columns[keys_[k].place], input_.rows, keys_[k].type, words_.data() + k,
                keys_.size(), never_.data());
    begin_row();
    return true;
  }
  void begin_row() {
    matched_ = false;
    if (row_ == input_.rows) return;
    candidate_ = never_[row_] != 0
                     ? KeyFinder::none
                     : finder_.first(hash_of(words_.data() + row_ * keys_.size(), keys_.size()));
  }

  bool goes_together(std::size_t right) const {
    if (!finder_.equal(right, words_.data() + row_ * keys_.size())) return false;
    return std::ranges::all_of(keys_, [&](const StreamKey& key) {
      return key.type != Type::text || input_.columns[key.place].as<std::string_view>()[row_] ==
                                           key.right.value<std::string_view>(right);
    });
  }

  // Pairs of rows, as many as fit into a batch or this input has.
  std::size_t match() {
    std::size_t rows = 0;
    while (rows < batch_rows && row_ < input_.rows) {
      if (candidate_ == KeyFinder::none) {
        if (!matched_ && keeps_all_) {
          left_rows_[rows] = row_;
          right_rows_[rows++] = KeyFinder::none;
        }
        ++row_;
        begin_row();
        continue;
      }
      if (goes_together(candidate_)) {
        matched_ = true;
        left_rows_[rows] = row_;
        right_rows_[rows++] = candidate_;
      }
      candidate_ = finder_.next(candidate_);
    }
    return rows;
  }

  void make(JoinedColumn& column, std::size_t rows, Vector& vector) {
    bool any = false;
    const Vector* const from = column.left ? &input_.columns[column.place] : nullptr;
    vector.type = column.left ? from->type : column.stored.type;
    vector.values = column.values.data();
    for_type(vector.type, [&]<class T>() {
      auto* const to = reinterpret_cast<T*>(column.values.data());
      for (std::size_t i = 0; i < rows; ++i) {
        const std::size_t l = left_rows_[i], r = right_rows_[i];
        bool null = false;
        if (column.left) {
          null = from->is_null(l);
          to[i] = from->template as<T>()[l];
        } else if (r == KeyFinder::none) {
          null = true;
          to[i] = T();
        } else {
          null = column.stored.is_null(r);
          to[i] = column.stored.value<T>(r);
        }
        column.nulls[i] = null;
        any |= null;
      }
    });
    vector.nulls = any ? column.nulls.data() : nullptr;
  }

  std::unique_ptr<Stream> left_;
  bool keeps_all_;
  KeyFinder finder_;
  std::vector<JoinedColumn> columns_;
  std::vector<StreamKey> keys_;
  Batch input_;
  std::vector<std::uint64_t> words_;  // of the input's keys
  std::vector<std::uint8_t> never_;   // rows of the input that go with none
  std::size_t row_ = 0;               // of the input
  std::size_t candidate_ = KeyFinder::none;
  bool matched_ = false;  // the row, with one before the candidate
  std::array<std::size_t, batch_rows> left_rows_, right_rows_;
  std::vector<Vector> vectors_;
};

}  // namespace

std::unique_ptr<Stream> open_joined_stream(std::span<const std::byte> description,
                                           std::size_t slice, bool quoted) {
  BlobReader from(description);
  from.value<StreamKind>();
  const auto left = from.bytes(static_cast<std::size_t>(from.value<std::uint64_t>()));
  return std::make_unique<JoinedStream>(open_stream(left, slice, quoted), from);
}

}  // namespace tine::mining
