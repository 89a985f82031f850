// Colours of extrapolation grades: the same stops in the legend and in the shader, which mixes between them by the logarithm.

export const GRADE_COLORS = [
  { grade: 1, color: "#4a86b8", label: "1 or less: interpolates" },
  { grade: 2, color: "#e6c14a", label: "2: extrapolates" },
  { grade: 10, color: "#c43c39", label: "10 or more: not to be trusted" },
];
