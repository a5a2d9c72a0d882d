// An axis of a picture: a range of numbers, where they are on it, and the round ones among them.
#pragma once

#include <string>
#include <vector>

namespace tine::app {

class PlotAxis {
 public:
  /// Widens it. What is not finite does not count.
  void include(double value);
  /// After the last include(): room at both ends, in parts of the range. A range of nothing, or of one number
  /// only, becomes one that can be drawn.
  void settle(double room_below, double room_above);

  /// From where to where, in pixels.
  void place(double begin, double end) {
    begin_ = begin;
    end_ = end;
  }

  double low() const { return low_; }
  double high() const { return high_; }
  double begin() const { return begin_; }
  double end() const { return end_; }
  double pixel(double value) const;

  struct Tick {
    double value;
    std::string label;
  };
  /// At multiples of 1, 2 or 5 times a power of ten; about this many.
  std::vector<Tick> ticks(int about) const;

 private:
  double begin_ = 0, end_ = 1;
  double low_ = 1, high_ = 0;  // none yet
};

}  // namespace tine::app
