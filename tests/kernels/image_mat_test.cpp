// cv::Mat on views and in the arena.
#include <tine/for_each_slice.hpp>
#include <tine/opencv.hpp>
#include <tine/transform.hpp>

#include "image_test.hpp"

namespace tine {
namespace {

TEST(AsMat, SharesMemory) {
  std::vector<float> values(6 * 4);
  View<float, 2> view(values.data(), {6, 4});
  cv::Mat mat = as_mat(view);
  EXPECT_EQ(mat.type(), CV_32FC1);
  EXPECT_EQ(mat.size(), cv::Size(4, 6));
  mat.at<float>(2, 3) = 7;
  EXPECT_EQ(view(2, 3), 7);
  const cv::Mat part = as_mat(view.part(0, 2, 3));
  EXPECT_EQ(part.at<float>(0, 3), 7);
  EXPECT_FALSE(part.isSubmatrix());
  const cv::Mat columns = as_mat(view.part(1, 2, 2));
  EXPECT_EQ(columns.at<float>(2, 1), 7);
  EXPECT_EQ(columns.step[0], 4 * sizeof(float));
}

TEST(AsMat, Channels) {
  std::vector<std::uint16_t> values(5 * 4 * 3);
  View<std::uint16_t, 3> view(values.data(), {5, 4, 3});
  const cv::Mat mat = as_mat(view);
  EXPECT_EQ(mat.type(), CV_16UC3);
  view(4, 3, 2) = 99;
  EXPECT_EQ(mat.at<cv::Vec3w>(4, 3)[2], 99);
  EXPECT_THROW(as_mat(view.part(2, 0, 2)), InvalidArgument);
  EXPECT_THROW(as_mat(View<std::uint8_t, 3>(nullptr, {1, 1, 0})), InvalidArgument);
  EXPECT_THROW(as_mat(View<std::uint8_t, 2>(nullptr, {std::size_t{1} << 31, 0})), InvalidArgument);
}

TEST(AsView, IsTheInverse) {
  cv::Mat mat(5, 4, CV_8UC3, cv::Scalar(1, 2, 3));
  const auto pixels = as_view<cv::Vec3b>(mat);
  EXPECT_EQ(pixels(4, 3), cv::Vec3b(1, 2, 3));
  const auto levels = as_view<std::uint8_t, 3>(mat);
  EXPECT_EQ(levels(4, 3, 1), 2);
  const cv::Mat region = mat(cv::Rect(1, 1, 2, 3));
  const auto part = as_view<const cv::Vec3b>(region);
  EXPECT_EQ(part.extent(0), 3u);
  EXPECT_EQ(&part(1, 0), region.ptr<cv::Vec3b>(1));
  EXPECT_THROW(as_view<float>(mat), InvalidArgument);
  EXPECT_THROW((as_view<std::uint16_t, 3>(mat)), InvalidArgument);
  EXPECT_TRUE(as_view<std::uint8_t>(cv::Mat(0, 0, CV_8U)).empty());
}

TEST(MatAllocator, JobsWorkOnMats) {
  Pool pool({.workers = 2});
  MatAllocator shared(pool);
  cv::Mat in, out;
  in.allocator = out.allocator = &shared;
  in.create(50, 40, CV_32F);
  in = cv::Scalar(4);
  out.create(50, 40, CV_32F);
  tine::transform(pool, tine::in(as_view<float>(in)), tine::out(as_view<float>(out)),
                  [](float v) { return v * v; });
  EXPECT_EQ(cv::countNonZero(out == 16), 50 * 40);
}

TEST(MatAllocator, GivesMemoryBack) {
  Pool pool({.workers = 1});
  MatAllocator shared(pool);
  const std::size_t before = pool.arena()->stats().used;
  {
    cv::Mat a;
    a.allocator = &shared;
    a.create(1000, 1000, CV_8U);
    EXPECT_TRUE(pool.arena()->contains(a.data));
    cv::Mat b = a;  // shares
    EXPECT_GE(pool.arena()->stats().used, before + 1000 * 1000);
    a.release();
    EXPECT_GE(pool.arena()->stats().used, before + 1000 * 1000);
    EXPECT_EQ(b.at<std::uint8_t>(0, 0), b.data[0]);
  }
  EXPECT_EQ(pool.arena()->stats().used, before);
}

TEST(MatAllocator, AsTheDefault) {
  Pool pool({.workers = 1});
  {
    MatAllocator shared(pool);
    cv::Mat::setDefaultAllocator(&shared);
    const cv::Mat mat(10, 10, CV_8U);
    EXPECT_TRUE(pool.arena()->contains(mat.data));
    // Workers that are forked now inherit it, and get private memory from it.
    pool.refresh();
    auto x = pool.array<int>(4);
    for_each_slice(
        pool, slices(4, 1),
        [](const Slice& s, std::span<int> part) {
          part[0] = cv::Mat(5, 5, CV_8U).rows + int(s.begin);
        },
        out(x));
    EXPECT_EQ(x[3], 8);
  }
  const cv::Mat mat(10, 10, CV_8U);
  EXPECT_FALSE(pool.arena()->contains(mat.data));
}

}  // namespace
}  // namespace tine
