// Chains of filters on one image, whose bands are the slices, and on a batch of images, one a slice.
#include <tine/image/chain.hpp>

#include <algorithm>

#include "chaos/fate.hpp"
#include "chaos/jobs.hpp"

namespace chaos {

namespace {

constexpr int rows = 96, columns = 120, images = 64;
constexpr std::size_t image_bytes = std::size_t{rows} * columns;

// Made before the pool, so that workers have them too.
std::vector<tine::image::Chain> chains;

const tine::image::Chain& chain_of(const Plan& plan) {
  return chains[plan.length % chains.size()];
}

cv::Mat picture(const Plan& plan, std::size_t index) {
  cv::Mat image(rows, columns, CV_8UC1);
  Dice dice(plan.job, index);
  std::generate(image.begin<std::uint8_t>(), image.end<std::uint8_t>(),
                [&] { return static_cast<std::uint8_t>(dice.next()); });
  return image;
}

// Only struck from outside: its kernels are the library's.
class ChainKind : public Kind {
 public:
  const char* name() const override { return "chain of filters"; }
  void prepare(const Plan& plan) override {
    in_ = picture(plan, 0);
    out_ = cv::Mat();
    expected_ = chain_of(plan).reference(in_);
  }
  void post(const tine::PoolWith& on, const Plan& plan) override {
    chain_of(plan)(on, in_, out_, {.band_rows = 1 + static_cast<int>(plan.length) / 8});
  }
  bool allowed(const Plan& plan, const End& end) const override {
    return end.outcome == Outcome::finished || Kind::allowed(plan, end);
  }
  void check(const Plan&, const End& end, Findings& findings) override {
    if (end.outcome != Outcome::finished) return;
    const bool same = out_.size() == expected_.size() && out_.type() == expected_.type() &&
                      std::memcmp(out_.data, expected_.data, expected_.total()) == 0;
    findings.add(findings.wrong, !same, "a filtered image has other bits");
    findings.add(findings.lost, end.report.slices - end.report.done, "bands were left out");
  }

 private:
  cv::Mat in_, out_, expected_;
};

class Batch : public Kind {
 public:
  explicit Batch(tine::Pool& pool)
      : in_(pool.array<std::uint8_t>(images, image_bytes)),
        out_(pool.array<std::uint8_t>(images, image_bytes)) {}
  const char* name() const override { return "batch of images"; }
  void prepare(const Plan& plan) override {
    count_ = std::min<std::size_t>(plan.slices, images);
    expected_ = {};
    for (std::size_t i = 0; i < count_; ++i) {
      const cv::Mat image = picture(plan, i), result = chain_of(plan).reference(image);
      std::copy_n(image.data, image_bytes, &in_(i, 0u));
      expected_.once.insert(expected_.once.end(), result.data, result.data + image_bytes);
    }
    std::fill_n(out_.data(), count_ * image_bytes, 0);
    expected_.before.assign(count_ * image_bytes, 0);
    expected_.twice.assign(count_ * image_bytes, 1);  // to filter again gives the same
  }
  void post(const tine::PoolWith& on, const Plan& plan) override {
    tine::for_each_slice(
        on, tine::slices(count_, 1),
        [job = plan.job](const tine::Slice& s, const tine::View<const std::uint8_t, 2>& in,
                         const tine::View<std::uint8_t, 2>& out) {
          const Fate fate(job, s);
          const cv::Mat image(rows, columns, CV_8UC1, const_cast<std::uint8_t*>(in.data()));
          const cv::Mat result = chain_of(Plan(job))(image);
          std::copy_n(result.data, image_bytes / 2, out.data());
          fate.before(0);
          std::copy_n(result.data + image_bytes / 2, image_bytes - image_bytes / 2,
                      out.data() + image_bytes / 2);
        },
        tine::in(in_.view().part(0, 0, count_)), tine::out(out_.view().part(0, 0, count_)));
  }
  bool allowed(const Plan& plan, const End& end) const override {
    // It has fewer slices than the plan, and maybe none of those that were to fail.
    return (end.outcome == Outcome::finished && end.report.quarantined.empty()) ||
           Kind::allowed(plan, end);
  }
  void check(const Plan&, const End& end, Findings& findings) override {
    judge(tine::slices(count_, 1), image_bytes, out_.data(), expected_, true, end, findings);
  }

 private:
  tine::Array<std::uint8_t, 2> in_, out_;
  std::size_t count_ = 0;
  Contents<std::uint8_t> expected_;
};

}  // namespace

void prepare_images() {
  cv::setNumThreads(1);  // the master has to stay without threads
  for (const char* text : {"gaussian 1.5 | sharpen", "median 3 | erode 3 | dilate 3",
                           "box 5 | threshold otsu", "equalize | invert"})
    chains.push_back(tine::image::Chain::parse(text));
}

void add_image_kinds(tine::Pool& pool, std::vector<std::unique_ptr<Kind>>& kinds) {
  kinds.push_back(std::make_unique<ChainKind>());
  kinds.push_back(std::make_unique<Batch>(pool));
}

}  // namespace chaos
