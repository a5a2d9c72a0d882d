#include "value_parts.hpp"

#include <algorithm>

#include "part_job.hpp"

namespace tine::mining {

namespace {

std::size_t part_of(std::uint64_t hash) {
  return hash >> 54;
}

// What is said of a group before its values.
struct Head {
  std::uint64_t group, count, bytes;
};

}  // namespace

template <class Kind>
void ValueParts<Kind>::write(BlobWriter& to, const Kind& kind,
                             std::span<const std::uint64_t> values) {
  std::array<std::size_t, count + 1> begins{};
  std::vector<std::uint16_t> part(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    part[i] = static_cast<std::uint16_t>(part_of(kind.hash(values[i])));
    ++begins[part[i] + 1u];
  }
  for (std::size_t p = 0; p < count; ++p) begins[p + 1] += begins[p];
  auto next = begins;
  std::vector<std::uint64_t> dealt(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) dealt[next[part[i]]++] = values[i];
  // Sizes of parts, then the parts.
  const auto of_part = [&](std::size_t p) {
    return std::span(dealt).subspan(begins[p], begins[p + 1] - begins[p]);
  };
  for (std::size_t p = 0; p < count; ++p) {
    BlobWriter size({});
    kind.write(size, of_part(p));
    to.value(std::uint64_t{size.used()});
  }
  for (std::size_t p = 0; p < count; ++p) kind.write(to, of_part(p));
}

template <class Kind>
void ValueParts<Kind>::add(std::uint32_t group, BlobReader& from) {
  const auto sizes = read_column<std::uint64_t>(from, count);
  pieces_.resize(count);
  for (std::size_t p = 0; p < count; ++p) {
    const auto values = from.bytes(sizes[p]);
    if (!from.good()) broken_groups();
    if (!values.empty()) pieces_[p].push_back({values, 0, group});
  }
  looks_back_ = true;
}

template <class Kind>
Array<std::byte> ValueParts<Kind>::run(const PoolWith& on, bool keep,
                                       std::vector<std::span<const std::byte>>& parts) const {
  std::vector<Piece> all;
  std::vector<std::size_t> begins{0}, most;
  for (const auto& pieces : pieces_) {
    all.insert(all.end(), pieces.begin(), pieces.end());
    std::ranges::stable_sort(all.begin() + static_cast<std::ptrdiff_t>(begins.back()), all.end(),
                             {}, &Piece::group);
    begins.push_back(all.size());
    std::size_t size = 0;
    for (const Piece& p : pieces) size += sizeof(Head) + (keep ? p.values.size() : 0);
    most.push_back(size);
  }
  const auto table = on.pool.array_from(all);
  const auto first = on.pool.array_from(begins);
  return for_each_part(
      on, most, parts,
      [keep](std::size_t part, BlobWriter& to, auto table_, auto first_) {
        Kind kind;
        ValueSet set;
        std::array<std::uint64_t, ValueSet::most> some;
        for (std::size_t i = first_[part]; i < first_[part + 1];) {
          const std::uint32_t group = table_[i].group;
          set.clear();
          for (; i < first_[part + 1] && table_[i].group == group; ++i)
            for (BlobReader from(table_[i].values);;) {
              const std::size_t n = kind.read(from, some);
              if (n == 0) break;
              set.add(std::span(some).first(n));
            }
          const auto values = set.values(), kept = values.first(keep ? values.size() : 0);
          BlobWriter size({});
          kind.write(size, kept);
          to.value(Head{group, values.size(), size.used()});
          kind.write(to, kept);
        }
      },
      whole(table), whole(first));
}

template <class Kind>
void ValueParts<Kind>::merge(const PoolWith& on, std::size_t groups) {
  std::vector<std::span<const std::byte>> parts;
  own_ = run(on, true, parts);
  for (std::size_t p = 0; p < count; ++p) {
    pieces_[p].clear();
    for (BlobReader from(parts[p]); !from.empty();) {
      const auto head = from.value<Head>();
      const auto values = from.bytes(head.bytes);
      if (!from.good() || head.group >= groups) broken_groups();
      pieces_[p].push_back({values, head.count, static_cast<std::uint32_t>(head.group)});
    }
  }
  looks_back_ = false;
}

template <class Kind>
std::vector<std::uint64_t> ValueParts<Kind>::count_different(const PoolWith& on,
                                                             std::size_t groups) const {
  std::vector<std::uint64_t> counts(groups);
  if (!looks_back_) {
    for (const auto& pieces : pieces_)
      for (const Piece& p : pieces) counts[p.group] += p.count;
    return counts;
  }
  std::vector<std::span<const std::byte>> parts;
  const auto found = run(on, false, parts);
  for (const auto& part : parts)
    for (BlobReader from(part); !from.empty();) {
      const auto head = from.value<Head>();
      if (head.group >= groups) broken_groups();
      counts[head.group] += head.count;
    }
  return counts;
}

template <class Kind>
std::size_t ValueParts<Kind>::bytes() const {
  std::size_t bytes = own_.size();
  for (const auto& pieces : pieces_) bytes += pieces.capacity() * sizeof(Piece);
  return bytes;
}

template class ValueParts<Numbers>;
template class ValueParts<Texts>;

}  // namespace tine::mining
