// What a query reads: a table or a file, cut into slices by its size alone.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include <tine/mining/type.hpp>
#include <tine/pool.hpp>

#include "batch.hpp"
#include "blob.hpp"

namespace tine::mining {

/// The master's side.
class Source {
 public:
  virtual ~Source() = default;
  virtual const Schema& schema() const = 0;
  virtual std::size_t slices() const = 0;
  /// In all: bytes of a file, rows of a table. For the progress, and for guesses.
  virtual std::uint64_t size() const = 0;
  /// What workers need to know to read these columns (indices into the schema). Begins with a StreamKind.
  virtual std::vector<std::byte> description(std::span<const std::size_t> columns) const = 0;

  enum class Outcome : std::uint8_t {
    good,
    again,  // the slice was read from the wrong state (see starts_quoted), or one before it was and
            // may have an error that comes first; read it again
    retyped,  // the schema has changed: all begins again
  };
  /// Looks at what Stream::report() wrote for a slice. Called once for each slice in ascending order, and
  /// again, in that order, for those that had to be read again. Throws FileError for a bad row.
  virtual Outcome accept(std::size_t slice, BlobReader& report) = 0;
  /// Whether a slice begins within quotes, as far as is known.
  virtual bool starts_quoted(std::size_t) const { return false; }

  /// Finds the types of all columns over all rows, where these are guesses yet.
  virtual void infer(const PoolWith&) {}
  /// Forgets what was accepted: a scan begins.
  virtual void rewind() {}
};

enum class StreamKind : std::uint8_t { table, csv, joined };

/// The worker's side: the rows that begin in one slice, batch by batch.
class Stream {
 public:
  virtual ~Stream() = default;
  /// The next rows; false after the last ones. What the batch points to is valid until the next call.
  virtual bool next(Batch& batch) = 0;
  /// After the last one.
  virtual void report(BlobWriter&) const {}
};
std::unique_ptr<Stream> open_stream(std::span<const std::byte> description, std::size_t slice,
                                    bool quoted);

}  // namespace tine::mining
