#include <tine/image/chain.hpp>

#include <algorithm>
#include <cmath>
#include <limits>

#include <tine/error.hpp>

#include "stage.hpp"
#include "text.hpp"

namespace tine::image {

namespace {

const Choice* choice_of(const Parameter& parameter, double value) {
  const auto found = std::find_if(parameter.choices.begin(), parameter.choices.end(),
                                  [&](const Choice& c) { return c.value == value; });
  return found == parameter.choices.end() ? nullptr : &*found;
}

void check(const Operation& operation, const Parameter& parameter, double value) {
  if (parameter.kind == Parameter::Kind::choice) {
    if (choice_of(parameter, value) != nullptr) return;
    std::string words;
    for (const Choice& choice : parameter.choices)
      words += (words.empty() ? "" : ", ") + std::string(choice.name);
    throw InvalidArgument(std::string(operation.name) + ": " + std::string(parameter.name) +
                          " is one of " + words);
  }
  if (parameter.kind == Parameter::Kind::list) {  // how many there are
    if (value <= list_capacity) return;
    throw InvalidArgument(std::string(operation.name) + ": " + std::string(parameter.name) +
                          " has at most " + std::to_string(list_capacity) + " numbers");
  }
  const std::string what =
      std::string(operation.name) + ": " + std::string(parameter.name) + "=" + number_text(value);
  if (!(value >= parameter.low && value <= parameter.high)) {
    std::string range =
        "it goes from " + number_text(parameter.low) + " to " + number_text(parameter.high);
    if (!parameter.unit.empty()) range += " " + std::string(parameter.unit);
    throw InvalidArgument(what + " is out of range; " + range);
  }
  if (parameter.kind != Parameter::Kind::real && value != std::floor(value))
    throw InvalidArgument(what + " is not a whole number");
  if (parameter.kind == Parameter::Kind::odd && std::fmod(value, 2) != 1)
    throw InvalidArgument(what + " is not odd; a square needs a pixel in its middle");
}

// A file's name as a word of a chain.
std::string word_of(const std::string& file) {
  const bool plain = !file.empty() && file.find_first_of(" \t\n\r|=") == file.npos;
  return plain ? file : '"' + file + '"';
}

// A number in a list.
Parameter as_number(Parameter list) {
  list.kind = Parameter::Kind::real;
  return list;
}

std::string type_text(int type) {
  const int bits = CV_MAT_DEPTH(type), channels = CV_MAT_CN(type);
  std::string text = bits == CV_8U    ? "8-bit"
                     : bits == CV_16U ? "16-bit"
                     : bits == CV_32F ? "float"
                     : bits == CV_32S ? "32-bit"
                     : bits == CV_64F ? "double"
                                      : "of another type";
  return text + " with " + std::to_string(channels) + (channels == 1 ? " channel" : " channels");
}

}  // namespace

Shape output_of(const Step& step, const Shape& in) {
  const Operation& operation = *step.operation;
  if (operation.operand != nullptr && step.values.operand.empty())
    throw InvalidArgument(std::string(operation.name) + ": its second image has not been loaded" +
                          (step.file.empty() ? "" : ": " + step.file));
  const Accepts accepts = operation.accepts(step.values);
  if (!(accepts.depths >> CV_MAT_DEPTH(in.type) & 1) || CV_MAT_CN(in.type) > 4 ||
      !(accepts.channels >> CV_MAT_CN(in.type) & 1)) {
    std::string hint;
    if (accepts.channels == 1u << 1 && CV_MAT_CN(in.type) > 1) hint = " (put gray before it)";
    // Of its own it takes more.
    const bool as_operand =
        !step.values.operand.empty() && operation.accepts(Values{}).channels != accepts.channels;
    throw InvalidArgument(std::string(operation.name) + " takes " + to_string(accepts) +
                          (as_operand ? ", as its second one is" : "") +
                          "; here it gets one that is " + type_text(in.type) + hint);
  }
  Shape out = in;
  if (operation.output_type != nullptr) out.type = operation.output_type(in.type);
  if (operation.output_size != nullptr && in.rows > 0 && in.columns > 0) {
    const cv::Size size = operation.output_size(step.values, {in.columns, in.rows});
    out.rows = size.height;
    out.columns = size.width;
  }
  return out;
}

void run_reference(const Step& step, const cv::Mat& in, cv::Mat& out) {
  const Operation& operation = worker_of(step, in.type());
  Values values = step.values;
  values.list = step.list;
  (operation.reference != nullptr ? operation.reference : operation.run)(in, out, values);
}

Chain Chain::of(std::string_view name, std::span<const double> values, std::span<const double> list,
                std::string_view file) {
  const Operation* operation = find_operation(name);
  if (operation == nullptr)
    throw InvalidArgument("there is no operation \"" + std::string(name) + "\"");
  const auto parameters = operation->parameters;
  if (values.size() > parameters.size())
    throw InvalidArgument(std::string(name) + " takes " + std::to_string(parameters.size()) +
                          " parameters, not " + std::to_string(values.size()));
  Step step{operation, {}};
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    step.values.number[i] = i < values.size() ? values[i] : parameters[i].fallback;
    if (parameters[i].kind == Parameter::Kind::file) {
      step.file = file;
      continue;
    }
    if (parameters[i].kind == Parameter::Kind::list) {
      step.list.assign(list.begin(), list.end());
      if (list.empty()) step.list.assign(1, parameters[i].fallback);
      for (double number : list) check(*operation, as_number(parameters[i]), number);
      step.values.number[i] = static_cast<double>(step.list.size());
    }
    check(*operation, parameters[i], step.values[i]);
  }
  if (operation->validate != nullptr) operation->validate(step.values);
  Chain chain;
  chain.steps_.push_back(step);
  return chain;
}

Chain Chain::with_operands(const std::function<cv::Mat(const Step&)>& load) const {
  Chain chain = *this;
  for (Step& step : chain.steps_) {
    if (step.operation->operand == nullptr) continue;
    const cv::Mat image = load(step);
    if (image.empty())
      throw InvalidArgument(std::string(step.operation->name) + ": the second image has no pixels");
    step.operand = step.operation->operand(image);
    step.values.operand = Pixels(step.operand);
  }
  return chain;
}

std::string Chain::to_string() const {
  std::string text;
  for (const Step& step : steps_) {
    if (!text.empty()) text += " | ";
    text += step.operation->name;
    const auto parameters = step.operation->parameters;
    for (std::size_t i = 0; i < parameters.size(); ++i) {
      if (parameters[i].kind == Parameter::Kind::list) {
        text += " " + std::string(parameters[i].name) + "=";
        for (std::size_t k = 0; k < step.list.size(); ++k)
          text += (k > 0 ? "," : "") + number_text(step.list[k]);
        continue;
      }
      if (parameters[i].kind == Parameter::Kind::file) {
        text += " " + std::string(parameters[i].name) + "=" + word_of(step.file);
        continue;
      }
      if (step.values[i] == parameters[i].fallback) continue;
      const Choice* choice = choice_of(parameters[i], step.values[i]);
      text += " " + std::string(parameters[i].name) + "=" +
              (choice != nullptr ? std::string(choice->name) : number_text(step.values[i]));
    }
  }
  return text;
}

Shape Chain::output(const Shape& input) const {
  Shape shape = input;
  for (std::size_t i = 0; i < steps_.size(); ++i) try {
      shape = output_of(steps_[i], shape);
    } catch (const InvalidArgument& error) {
      if (steps_.size() == 1) throw;
      // Which one of several, as people count.
      throw InvalidArgument("step " + std::to_string(i + 1) + " of the chain: " + error.what());
    }
  return shape;
}

cv::Mat Chain::reference(const cv::Mat& in) const {
  Shape shape{in.rows, in.cols, in.type()};
  if (in.empty()) return cv::Mat(in.rows, in.cols, output(shape).type);
  if (steps_.empty()) return in.clone();
  cv::Mat image = isolated(in, {0, static_cast<std::size_t>(in.rows)});
  for (const Step& step : steps_) {
    shape = output_of(step, shape);
    cv::Mat next(shape.rows, shape.columns, shape.type);
    run_reference(step, image, next);
    image = next;
  }
  return image;
}

}  // namespace tine::image
