export declare const cacheFolder: (part: 'engine' | 'weights' | 'speed') => string;
