"""The student's folder: JupyterLab, the kernel, copies of the notebooks, the doctor."""
