// Reading the arguments of a call from JavaScript. Each check throws an error there and marks the arguments as not ok.
#pragma once

#include <napi.h>

#include <cmath>
#include <initializer_list>
#include <string>

namespace dynabridge {

constexpr int64_t kMostElements = int64_t{1} << 32;

struct Floats {
  float* data = nullptr;
  int64_t size = 0;
  bool given = false;  // not null
};

// Arguments in order. After the first failed check `ok()` is false, an error is pending and all further reads return zeros.
class Arguments {
 public:
  Arguments(const Napi::CallbackInfo& info, const char* function) : info_(info), function_(function) {}

  bool ok() const { return ok_; }

  Floats floats(const char* name) { return array(name, napi_float32_array, "a Float32Array"); }

  Floats floats_or_null(const char* name) {
    if (ok_ && info_[next_].IsNull()) {
      next_++;
      return {};
    }
    return array(name, napi_float32_array, "a Float32Array or null");
  }

  const int32_t* integers(const char* name, int64_t* size) {
    const Floats read = array(name, napi_int32_array, "an Int32Array");
    *size = read.size;
    return reinterpret_cast<const int32_t*>(read.data);
  }

  int64_t integer(const char* name, int64_t least, int64_t most) {
    const double value = number(name);
    if (ok_ && !(value >= static_cast<double>(least) && value <= static_cast<double>(most) &&
                 value == std::floor(value))) {
      fail<Napi::RangeError>(std::string(name) + " is " + std::to_string(value) + ", expected an integer within [" +
                             std::to_string(least) + ", " + std::to_string(most) + "]");
    }
    return ok_ ? static_cast<int64_t>(value) : 0;
  }

  int64_t size(const char* name) { return integer(name, 0, kMostElements); }

  float real(const char* name) { return static_cast<float>(number(name)); }

  double number(const char* name) {
    if (!ok_) return 0;
    const Napi::Value value = info_[next_++];
    if (value.IsNumber()) return value.As<Napi::Number>().DoubleValue();
    fail<Napi::TypeError>(std::string(name) + " must be a number");
    return 0;
  }

  bool boolean(const char* name) {
    if (!ok_) return false;
    const Napi::Value value = info_[next_++];
    if (value.IsBoolean()) return value.As<Napi::Boolean>().Value();
    fail<Napi::TypeError>(std::string(name) + " must be a boolean");
    return false;
  }

  std::string text(const char* name) {
    if (!ok_) return {};
    const Napi::Value value = info_[next_++];
    if (value.IsString()) return value.As<Napi::String>().Utf8Value();
    fail<Napi::TypeError>(std::string(name) + " must be a string");
    return {};
  }

  // a product of sizes; too large a one fails
  int64_t product(std::initializer_list<int64_t> factors) {
    int64_t result = 1;
    for (const int64_t factor : factors) {
      if (__builtin_mul_overflow(result, factor, &result) || result > kMostElements) {
        fail<Napi::RangeError>("sizes multiply to more than " + std::to_string(kMostElements) + " elements");
        return 0;
      }
    }
    return result;
  }

  void length(const char* name, Floats array, int64_t expected) {
    if (!ok_ || array.size == expected) return;
    fail<Napi::RangeError>(std::string(name) + " has " + std::to_string(array.size) + " elements, expected " +
                           std::to_string(expected));
  }

  void at_least(const char* name, Floats array, int64_t expected) {
    if (!ok_ || array.size >= expected) return;
    fail<Napi::RangeError>(std::string(name) + " has " + std::to_string(array.size) + " elements, expected at least " +
                           std::to_string(expected));
  }

  template <typename Error>
  void fail(const std::string& what) {
    if (!ok_) return;
    ok_ = false;
    Error::New(info_.Env(), std::string(function_) + ": " + what).ThrowAsJavaScriptException();
  }

 private:
  Floats array(const char* name, napi_typedarray_type expected, const char* kind) {
    if (!ok_) return {};
    const Napi::Value value = info_[next_++];
    napi_typedarray_type type;
    size_t length;
    void* data;
    if (!value.IsTypedArray() || napi_get_typedarray_info(info_.Env(), value, &type, &length, &data, nullptr,
                                                          nullptr) != napi_ok || type != expected) {
      fail<Napi::TypeError>(std::string(name) + " must be " + kind);
      return {};
    }
    return {static_cast<float*>(data), static_cast<int64_t>(length), true};
  }

  const Napi::CallbackInfo& info_;
  const char* function_;
  size_t next_ = 0;
  bool ok_ = true;
};

}  // namespace dynabridge
