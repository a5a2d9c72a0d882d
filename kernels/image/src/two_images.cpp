// remap, match_template.
#include <tine/image/two_images.hpp>

#include <algorithm>

#include <tine/error.hpp>
#include <tine/for_each_slice.hpp>

#include "arena_mats.hpp"
#include "chain_report.hpp"
#include "operations/warp.hpp"

namespace tine::image {

namespace {

Shape shape_of(const cv::Mat& image) {
  return {image.rows, image.cols, image.type()};
}

// Rows of the output for each slice: enough that cv::matchTemplate() does not spend most of its time
// on the rows that neighbours look at, too.
std::size_t rows_for_template(const cv::Mat& pattern) {
  return std::max<std::size_t>(64, 4 * static_cast<std::size_t>(pattern.rows));
}

}  // namespace

Report remap(const PoolWith& on, const cv::Mat& in, cv::Mat& out, const cv::Mat& xs,
             const cv::Mat& ys, int interpolation, int border) {
  const bool floats = xs.type() == CV_32FC1 && ys.type() == CV_32FC1 && xs.size() == ys.size();
  const bool fixed =
      xs.type() == CV_16SC2 && (ys.empty() || (ys.type() == CV_16UC1 && xs.size() == ys.size()));
  if (!floats && !fixed && !(xs.type() == CV_32FC2 && ys.empty()))
    throw InvalidArgument(
        "tine::image::remap: the maps are two of CV_32FC1 and of one size, or what "
        "cv::convertMaps() makes of them");
  if (in.empty()) throw InvalidArgument("tine::image::remap: the input has no pixels");
  warpable(in.size(), "tine::image::remap");
  if (xs.empty()) {
    out.create(xs.size(), in.type());
    return {};
  }
  const cv::Mat input = in;  // keeps its memory, should `out` be the same Mat
  const SharedInput from(on.pool, input), x(on.pool, xs), y(on.pool, ys);
  SharedOutput to(on.pool, out, {xs.rows, xs.cols, in.type()}, input);
  const Partition rows = {.n = static_cast<std::size_t>(xs.rows),
                          .grain = std::max<std::size_t>(
                              8, (std::size_t{1} << 16) / static_cast<std::size_t>(xs.cols))};
  ChainReport report(on, rows.size());
  // Types, not Shapes: what the kernel captures is looked at for what might be a pointer.
  const Shape image = shape_of(from.image()), map = shape_of(xs);
  const int second = ys.empty() ? -1 : ys.type();
  report.run([&](const PoolWith& job) {
    return for_each_slice(
        job, rows,
        [=](const Slice&, const ConstBytes& source, const ConstBytes& x_rows,
            const ConstBytes& y_rows, const Bytes& made) {
          cv::Mat result = mat_of(made, {map.rows, map.columns, image.type});
          cv::remap(mat_of(source, image), result, mat_of(x_rows, map),
                    second < 0 ? cv::Mat() : mat_of(y_rows, {map.rows, map.columns, second}),
                    interpolation, border);
        },
        whole(bytes_of(from.image())), tine::in(bytes_of(x.image())),
        tine::in(bytes_of(ys.empty() ? x.image() : y.image())), tine::out(bytes_of(to.image())));
  });
  to.finish();
  return report.finish();
}

Report match_template(const PoolWith& on, const cv::Mat& in, const cv::Mat& pattern, cv::Mat& out,
                      int method) {
  if (in.type() != pattern.type() || (in.depth() != CV_8U && in.depth() != CV_32F))
    throw InvalidArgument(
        "tine::image::match_template: image and template are both 8-bit or both float, with as "
        "many "
        "channels");
  if (pattern.empty() || pattern.rows > in.rows || pattern.cols > in.cols)
    throw InvalidArgument(
        "tine::image::match_template: the template has no pixels, or more rows or "
        "columns than the image");
  const cv::Mat input = in;
  const SharedInput from(on.pool, input), part(on.pool, pattern);
  SharedOutput to(on.pool, out, {in.rows - pattern.rows + 1, in.cols - pattern.cols + 1, CV_32FC1},
                  input);
  const Partition rows = {.n = static_cast<std::size_t>(to.image().rows),
                          .grain = rows_for_template(pattern)};
  ChainReport report(on, rows.size());
  const Shape image = shape_of(input), piece = shape_of(pattern);
  report.run([&](const PoolWith& job) {
    return for_each_slice(
        job, rows,
        [=](const Slice& s, const ConstBytes& source, const ConstBytes& wanted, const Bytes& made) {
          const cv::Mat from_rows = isolated(
              mat_of(source, image), {s.begin, s.end + static_cast<std::size_t>(piece.rows) - 1});
          cv::Mat result = mat_of(made, {image.rows, image.columns - piece.columns + 1, CV_32FC1});
          cv::matchTemplate(from_rows, mat_of(wanted, piece), result, method);
        },
        whole(bytes_of(from.image())), whole(bytes_of(part.image())),
        tine::out(bytes_of(to.image())));
  });
  to.finish();
  return report.finish();
}

}  // namespace tine::image
