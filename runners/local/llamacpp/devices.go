package llamacpp

import "nerbench/runners/local/llamacpp/llama"

// Device is a device that the loaded library can compute on.
type Device struct {
	Name        string `json:"name"` // name in the library, such as "CUDA0", "Vulkan0", "CPU"
	Description string `json:"description"`
	GPU         bool   `json:"gpu"`
	Free        uint64 `json:"free_bytes"`
	Total       uint64 `json:"total_bytes"`
}

// Devices lists the devices of the library.
func (l *Library) Devices() []Device {
	var out []Device
	for i := range l.calls.DeviceCount() {
		d := l.calls.DeviceAt(i)
		kind := l.calls.DeviceType(d)
		device := Device{
			Name: l.calls.DeviceName(d), Description: l.calls.DeviceDescription(d),
			GPU: kind == llama.DeviceGPU || kind == llama.DeviceIntegratedGPU,
		}
		l.calls.DeviceMemory(d, &device.Free, &device.Total)
		out = append(out, device)
	}
	return out
}
